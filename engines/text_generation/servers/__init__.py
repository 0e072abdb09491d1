"""Text servers that speak OpenAI's protocol, such as vLLM, llama.cpp, Ollama and `transformers serve`."""
