"""What a checkpoint, its configuration or an engine's start-up log says of a model."""
