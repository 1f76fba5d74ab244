"""The Central Fraud Registry: who or what is listed, why, until when, and how to get off it."""
