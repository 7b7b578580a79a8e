"""Messages to customers: written anew for each as they are sent, and told of."""
