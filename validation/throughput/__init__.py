"""Calibration of the roofline and its errors on held-out rows, from the measurements that ship.

`python -m validation.throughput calibrate` writes `roofline.yaml` and `anchors.csv` in
`costmodel/book/data/`; `check` prints the errors without writing anything.
"""
