"""Is it good enough: published evidence, and the gate on an evaluation of one's own."""
