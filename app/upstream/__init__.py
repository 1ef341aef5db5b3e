"""The only outgoing HTTP: guarded session, egress policy, auth types, wires, failures."""
