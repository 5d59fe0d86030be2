"""What it costs: traffic, bills, fleets, break-even. Pure functions over floats and arrays."""
