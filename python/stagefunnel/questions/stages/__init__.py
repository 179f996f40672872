"""What happens in and between the stages."""
