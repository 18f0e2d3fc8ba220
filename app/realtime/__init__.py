"""The engine: topics, subscribers, brokers, the writing of streams. It knows no Flask, database or area."""
