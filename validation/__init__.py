"""How far the models are from published measurements: `python -m validation.memory`."""
