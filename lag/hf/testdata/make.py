"""Makes the checkpoints in this directory and the logits that transformers gives for them.

    pip install torch==2.15.0 transformers==4.57.3 safetensors numpy
    python make.py

bert              BertForMaskedLM
bert-pretraining  BertForPreTraining in several files
bert-pre-norm     MegatronBertForMaskedLM, one layer
bert-half         the weights of bert in bfloat16
t5                T5ForConditionalGeneration, gated GELU, head of its own
t5-tied           gated SiLU, tied head
mpnet             MPNetForMaskedLM whose absolute positions are all the same

logits.json holds, for each, the inputs, with padding, and the outputs, row by row.
"""

import json
import pathlib
import shutil

import torch
from transformers import BertConfig, BertForMaskedLM, BertForPreTraining, MegatronBertConfig, MegatronBertForMaskedLM
from transformers import MPNetConfig, MPNetForMaskedLM, T5Config, T5ForConditionalGeneration

here = pathlib.Path(__file__).parent
torch.manual_seed(0)
torch.set_num_threads(1)

B, L, T = 2, 8, 6
lengths = [8, 5]
bert_config = dict(vocab_size=41, hidden_size=12, num_hidden_layers=2, num_attention_heads=2, intermediate_size=20,
                   max_position_embeddings=12)
t5_config = dict(vocab_size=43, d_model=12, d_kv=6, d_ff=12, num_layers=1, num_decoder_layers=2, num_heads=3,
                 relative_attention_num_buckets=8, relative_attention_max_distance=6, decoder_start_token_id=0)


def randomize(model):
    """Draws biases and scales of norms too, which would start at 0 and 1, and logits of order 1."""
    with torch.no_grad():
        for name, p in model.named_parameters():
            if p.ndim == 1:
                p.add_(0.1 * torch.randn_like(p))
            elif model.config.model_type != "t5":
                p.copy_(0.3 * torch.randn_like(p))
            elif name == "lm_head.weight":
                p.mul_(0.3)
    return model.eval()


def flat(t):
    return [round(float(x), 6) for x in t.flatten()]


def save(name, model, **kwargs):
    shutil.rmtree(here / name, ignore_errors=True)
    model.save_pretrained(here / name, **kwargs)
    (here / name / "generation_config.json").unlink(missing_ok=True)


ids = torch.randint(1, 40, (B, L))
mask = torch.tensor([[1] * n + [0] * (L - n) for n in lengths])
types = torch.tensor([[0] * 3 + [1] * (n - 3) + [0] * (L - n) for n in lengths])
decoder_ids = torch.cat([torch.zeros(B, 1, dtype=torch.long), torch.randint(1, 40, (B, T - 1))], 1)
out = {"input_ids": ids.flatten().tolist(), "attention_mask": mask.flatten().tolist(), "token_type_ids": types.flatten().tolist(),
       "decoder_input_ids": decoder_ids.flatten().tolist(), "shape": [B, L, T], "models": {}}

with torch.no_grad():
    bert = randomize(BertForMaskedLM(BertConfig(**bert_config)))
    save("bert", bert)
    out["models"]["bert"] = {"logits": flat(bert(ids, attention_mask=mask, token_type_ids=types).logits)}

    half = BertForMaskedLM.from_pretrained(here / "bert").to(torch.bfloat16)
    save("bert-half", half)
    half = half.float().eval()
    out["models"]["bert-half"] = {"logits": flat(half(ids, attention_mask=mask, token_type_ids=types).logits)}

    both = randomize(BertForPreTraining(BertConfig(**bert_config)))
    save("bert-pretraining", both, max_shard_size="9KB")
    result = both(ids, attention_mask=mask, token_type_ids=types)
    out["models"]["bert-pretraining"] = {"logits": flat(result.prediction_logits), "next_sentence": flat(result.seq_relationship_logits)}

    pre = randomize(MegatronBertForMaskedLM(MegatronBertConfig(**bert_config | dict(num_hidden_layers=1))))
    save("bert-pre-norm", pre)
    out["models"]["bert-pre-norm"] = {"logits": flat(pre(ids, attention_mask=mask, token_type_ids=types).logits)}

    for name, kwargs in [("t5", dict(feed_forward_proj="gated-gelu", tie_word_embeddings=False)),
                         ("t5-tied", dict(feed_forward_proj="gated-silu", tie_word_embeddings=True))]:
        t5 = randomize(T5ForConditionalGeneration(T5Config(**t5_config, **kwargs)))
        save(name, t5)
        out["models"][name] = {"logits": flat(t5(ids, attention_mask=mask, decoder_input_ids=decoder_ids).logits)}

    mpnet = randomize(MPNetForMaskedLM(MPNetConfig(**bert_config | dict(num_hidden_layers=1, max_position_embeddings=14))))
    mpnet.mpnet.embeddings.position_embeddings.weight[:] = 0.3 * torch.randn(12)
    save("mpnet", mpnet)
    out["models"]["mpnet"] = {"logits": flat(mpnet(ids, attention_mask=mask).logits)}

(here / "logits.json").write_text(json.dumps(out) + "\n")
