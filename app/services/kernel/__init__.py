"""What several services need and none of them is: lookups, sealing, the loop in the background. It knows no service."""
