"""What was meant: Rasa graph components.

Pipeline order (``config.yml``): language → n-grams and sentence encoder → acts (Rasa's
logistic regression) → topics → statements → entities → red flags → turn resolver, last.
"""
