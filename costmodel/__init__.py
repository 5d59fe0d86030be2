"""Should we serve this open model on our own GPUs or pay an API?"""
