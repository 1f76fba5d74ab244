"""Follow the money: lots, rules, holds in the trail, gather, settle, live, explain."""
