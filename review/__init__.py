"""The application: country reviews of the UN Convention against Corruption, step by step."""
