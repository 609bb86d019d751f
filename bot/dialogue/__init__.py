"""Hosting Rasa: without TensorFlow, with actions in the same process."""
