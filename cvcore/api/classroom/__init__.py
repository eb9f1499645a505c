"""The door of a class: strangers may join or sign in, and everybody else gets their own store."""
