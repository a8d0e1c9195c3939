"""What the Mechanism is: frozen data and pure functions, no framework, no input or output."""
