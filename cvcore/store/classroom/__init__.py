"""The classes that a teacher has opened, and the pupils who joined them."""
