"""What hardware can do: memory, speed. Pure functions over floats and arrays."""
