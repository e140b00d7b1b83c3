"""Parts of `OnlineIdentities`: tracks while they may still be joined, people of before, numbers that last."""
