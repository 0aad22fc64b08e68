"""Messages to people: templates and channels. What is sent, and when, is the services' business."""
