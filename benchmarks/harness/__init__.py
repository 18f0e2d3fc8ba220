"""What every measure stands on: processes, CPU and memory accounting, a load client, an HTTP client."""
