"""A cooperative DNS resolver. dnspython reads and writes the messages; the waiting is done here, on green sockets."""
