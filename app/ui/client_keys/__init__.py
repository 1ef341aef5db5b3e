"""What the first steps and the page of app keys share."""
