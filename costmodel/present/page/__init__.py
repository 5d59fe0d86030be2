"""The result as one HTML page, and its pieces."""
