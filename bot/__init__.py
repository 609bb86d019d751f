"""The Safer Sleep Assistant: guidance, understanding, record, dialogue and portal."""
