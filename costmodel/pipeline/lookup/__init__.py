"""What the book and files say of a scenario: one module a subject."""
