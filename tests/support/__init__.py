"""What several tests share: real servers, a running stack, free ports, and looking at processes."""
