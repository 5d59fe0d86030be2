"""Result files of evaluation tools, as paired scores."""
