"""What all commands share: their options, and how they print."""
