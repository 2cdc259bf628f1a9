"""LoRA steps of transformers + PEFT on a GPU, for bench_gpu. One line as soon as a figure is there:

    product TFLOP/S                    an 8192 x 8192 x 8192 product in bfloat16
    NAME TOKENS/S PEAK-BYTES           NAME is tiny-eager, large-eager, tiny-compiled, large-compiled
    NAME failed: WHY

usage: gpu_peft.py BASE-FOLDER SECONDS [small]

tiny: the model in BASE-FOLDER in float32, 16 x 36 tokens a step without padding. large: the shape of Qwen2.5-1.5B with random
weights in bfloat16, 8 x 512 tokens a step. Both LoRA r=8, alpha 16 on all linear maps, PEFT's own types, AdamW, the loss read
after each step. What is not done after SECONDS is left out. `small`: small shapes on the CPU, to try this script.
"""
import signal
import statistics
import sys
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, Qwen2Config, Qwen2ForCausalLM

SMALL = len(sys.argv) > 3 and sys.argv[3] == "small"
DEVICE = "cpu" if SMALL else "cuda"


def wait():
    if DEVICE == "cuda":
        torch.cuda.synchronize()


def tiny_model():
    return AutoModelForCausalLM.from_pretrained(sys.argv[1]).float()


def large_model():
    shape = dict(hidden_size=1536, num_hidden_layers=28, num_attention_heads=12, num_key_value_heads=2, intermediate_size=8960,
                 vocab_size=151936)
    if SMALL:
        shape = dict(hidden_size=96, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=2, intermediate_size=160,
                     vocab_size=1500)
    config = Qwen2Config(max_position_embeddings=4096, tie_word_embeddings=True, **shape)
    with torch.device(DEVICE):
        torch.set_default_dtype(torch.bfloat16)
        try:
            return Qwen2ForCausalLM(config)
        finally:
            torch.set_default_dtype(torch.float32)


def speed(model, rows, length, steps, compiled):
    """Tokens/s of the median step, bytes of the device at the peak."""
    vocabulary = model.config.vocab_size
    model.config.use_cache = False
    targets = LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, target_modules="all-linear")
    model = get_peft_model(model.to(DEVICE), targets).train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-3)
    run = torch.compile(model) if compiled else model
    took = []
    for step in range(5 + steps):
        ids = torch.randint(0, vocabulary, (rows, length), device=DEVICE)
        wait()
        start = time.perf_counter()
        optimizer.zero_grad()
        loss = run(input_ids=ids, labels=ids).loss
        loss.backward()
        optimizer.step()
        loss.item()
        wait()
        if step >= 5:
            took.append(time.perf_counter() - start)
    peak = torch.cuda.max_memory_allocated() if DEVICE == "cuda" else 0
    return rows * length / statistics.median(took), peak


def product():
    n = 256 if SMALL else 8192
    a = torch.randn(n, n, device=DEVICE, dtype=torch.bfloat16)
    b = torch.randn(n, n, device=DEVICE, dtype=torch.bfloat16)
    best = float("inf")
    for _ in range(6):
        wait()
        start = time.perf_counter()
        for _ in range(10):
            a @ b
        wait()
        best = min(best, (time.perf_counter() - start) / 10)
    return 2 * n**3 / best * 1e-12


def measure(name, make, rows, length, steps, compiled):
    try:
        if DEVICE == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        tokens, peak = speed(make(), rows, length, steps, compiled)
        print(f"{name} {tokens:.1f} {peak}", flush=True)
    except Exception as error:  # what one cannot do shall not hide what the others can
        print(f"{name} failed: {str(error).splitlines()[0] if str(error) else type(error).__name__}", flush=True)


def main():
    signal.alarm(max(1, int(float(sys.argv[2]))))
    torch.manual_seed(0)
    print(f"product {product():.3f}", flush=True)
    tiny, large = (3, (2, 32, 3)) if SMALL else (60, (8, 512, 10))
    measure("tiny-eager", tiny_model, 16, 36, tiny, False)
    measure("large-eager", large_model, *large, False)
    measure("tiny-compiled", tiny_model, 16, 36, tiny, True)
    measure("large-compiled", large_model, *large, True)


if __name__ == "__main__":
    main()
