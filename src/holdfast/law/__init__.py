"""What the law of a country allows on a day: parameters with sources, and questions asked of them."""
