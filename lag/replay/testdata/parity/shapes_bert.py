"""BERT's checkpoints, see shapes.py."""

import torch
from transformers import (BertForPreTraining, BertForSequenceClassification, BertLMHeadModel, BertModel, DistilBertConfig, DistilBertForMaskedLM,
                          MegatronBertConfig, MegatronBertForMaskedLM, MPNetConfig, MPNetForMaskedLM, MPNetModel, RobertaConfig, RobertaForMaskedLM)

import texts
from shapes import bert, change, renamed, shape

WORDS = "bert.embeddings.word_embeddings.weight"


def with_tokenizer(d, tokenizer, rows=0, **kwargs):
    """A BERT and its tokenizer. The table of embeddings has a row for each token, or rows."""
    tokenizer.save_pretrained(d)
    return bert(d, vocab_size=rows or len(tokenizer), **kwargs)


@shape()
def bert_uncased(d):
    return with_tokenizer(d, texts.bert(d, True))


@shape()
def bert_cased(d):
    return with_tokenizer(d, texts.bert(d, False))


@shape()
def bert_multilingual(d):
    return with_tokenizer(d, texts.bert(d, False, tokenize_chinese_chars=True, strip_accents=False))


@shape()
def bert_lower_with_accents(d):  # German: lower case, but with accents
    return with_tokenizer(d, texts.bert(d, True, strip_accents=False))


@shape()
def bert_chinese_not_split(d):
    return with_tokenizer(d, texts.bert(d, False, tokenize_chinese_chars=False))


def added(d):
    tokenizer = texts.bert(d, True)
    tokenizer.add_tokens(["LAG", "wachsen"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["[unused1]"]})
    return tokenizer


@shape()
def bert_added_tokens(d):
    return with_tokenizer(d, added(d))


@shape()
def bert_added_tokens_without_rows(d):
    tokenizer = added(d)
    return with_tokenizer(d, tokenizer, len(tokenizer) - 3)


@shape()
def bert_padded_vocabulary(d):
    tokenizer = texts.bert(d, True)
    return with_tokenizer(d, tokenizer, -(-len(tokenizer) // 64) * 64)


@shape()
def bert_vocab_txt_alone(d):
    tokens = texts.wordpiece(True)
    texts.vocab_txt(d, tokens)
    return bert(d, vocab_size=len(tokens))


@shape()
def bert_vocab_txt_uncased(d):
    tokens = texts.wordpiece(True)
    texts.vocab_txt(d, tokens, {"do_lower_case": True, "strip_accents": None, "tokenize_chinese_chars": True})
    return bert(d, vocab_size=len(tokens))


@shape()
def bert_vocab_txt_cased(d):
    tokens = texts.wordpiece(False)
    texts.vocab_txt(d, tokens, {"do_lower_case": False})
    return bert(d, vocab_size=len(tokens))


@shape()
def bert_vocab_txt_lower_with_accents(d):
    tokens = texts.wordpiece(True, strip_accents=False)
    texts.vocab_txt(d, tokens, {"do_lower_case": True, "strip_accents": False})
    return bert(d, vocab_size=len(tokens))


@shape()
def bert_vocab_txt_chinese_not_split(d):
    tokens = texts.wordpiece(False, handle_chinese_chars=False)
    texts.vocab_txt(d, tokens, {"do_lower_case": False, "tokenize_chinese_chars": False})
    return bert(d, vocab_size=len(tokens))


@shape()
def bert_vocab_txt_no_capitals(d):  # cased, though no token shows it
    tokens = [token for token in texts.wordpiece(False) if token == token.lower() or token in texts.SPECIAL]
    texts.vocab_txt(d, tokens, {"do_lower_case": False})
    return bert(d, vocab_size=len(tokens))


@shape(tokenizer_refused="BertJapaneseTokenizer")
def bert_japanese(d):
    tokens = texts.wordpiece(False)
    texts.vocab_txt(d, tokens, {"tokenizer_class": "BertJapaneseTokenizer", "do_lower_case": False, "word_tokenizer_type": "mecab"})
    return bert(d, vocab_size=len(tokens))


@shape()
def bert_vocab_txt_added(d):
    tokens = texts.wordpiece(False)
    texts.vocab_txt(d, tokens, {"do_lower_case": False}, ["LAG", "wachsen"])
    return bert(d, vocab_size=len(tokens) + 2)


@shape()
def bert_no_tokenizer(d):
    return bert(d)


@shape()
def bert_sharded(d):
    model = bert(d, save=False)
    model.save_pretrained(d, max_shard_size="15KB")
    assert (d / "model.safetensors.index.json").exists()
    return model


@shape()
def bert_float16(d):
    model = bert(d, save=False).half()
    model.save_pretrained(d)
    return model


@shape()
def bert_bfloat16(d):
    model = bert(d, save=False).bfloat16()
    model.save_pretrained(d)
    return model


@shape("without the head of the language model")
def bert_body_alone(d):
    bert(d, BertModel)


@shape()
def bert_no_prefix(d):
    model = bert(d)
    change(d, renamed(("bert.", "")))
    return model


@shape()
def bert_gamma_beta(d):
    model = bert(d)
    change(d, renamed(("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")))
    return model


@shape("pytorch_model.bin")
def bert_pytorch_file(d):
    model = bert(d)
    (d / "model.safetensors").unlink()
    torch.save(model.state_dict(), d / "pytorch_model.bin")


@shape("there is no")
def bert_no_config(d):
    bert(d)
    (d / "config.json").unlink()


@shape()
def bert_pretraining(d):
    return bert(d, BertForPreTraining)


@shape()
def bert_pretraining_as_masked_lm(d):  # as google-bert/bert-base-uncased is: the head for pairs of sentences is there, but not named
    model = bert(d, BertForPreTraining)
    change(d, config=lambda c: c | {"architectures": ["BertForMaskedLM"]})
    return model


@shape()
def bert_decoder_is_there(d):
    model = bert(d)
    change(d, lambda t: t | {"cls.predictions.decoder.weight": t[WORDS], "cls.predictions.decoder.bias": t["cls.predictions.bias"]})
    return model


@shape()
def bert_bias_in_the_decoder(d):
    model = bert(d)
    change(d, renamed(("cls.predictions.bias", "cls.predictions.decoder.bias")))
    return model


@shape()
def bert_positions_as_buffer(d):
    model = bert(d)
    change(d, lambda t: t | {"bert.embeddings.position_ids": torch.arange(24)[None]})
    return model


@shape()
def bert_old_config(d):  # what the first checkpoints say
    model = bert(d)
    keep = ("model_type", "vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "max_position_embeddings",
            "hidden_act", "initializer_range")
    change(d, config=lambda c: {k: c[k] for k in keep} | {"attention_probs_dropout_prob": 0.1, "torch_dtype": "float32", "gradient_checkpointing": False})
    return model


@shape("cls.predictions.decoder.weight is not equal")
def bert_own_decoder(d):
    bert(d)
    change(d, lambda t: t | {"cls.predictions.decoder.weight": t[WORDS] + 1})


@shape("tie_word_embeddings")
def bert_not_tied(d):
    bert(d)
    change(d, config=lambda c: c | {"tie_word_embeddings": False})


@shape("BertForSequenceClassification")
def bert_classifier(d):
    bert(d, BertForSequenceClassification)


@shape("bert.extra.weight")
def bert_unknown_head(d):
    bert(d)
    change(d, lambda t: t | {"bert.extra.weight": t[WORDS]})


@shape("position_embedding_type")
def bert_relative_positions(d):
    bert(d, position_embedding_type="relative_key")


@shape("hidden_act")
def bert_relu(d):
    bert(d, hidden_act="relu")


@shape("BertLMHeadModel")
def bert_causal(d):
    bert(d, BertLMHeadModel, is_decoder=True)


@shape("type_vocab_size")
def bert_one_segment(d):
    bert(d, type_vocab_size=1)


@shape("not finite")
def bert_not_a_number(d):
    bert(d)
    change(d, lambda t: t | {WORDS: t[WORDS].index_fill(0, torch.tensor([4]), float("nan"))})


@shape("quantization_config")
def bert_quantized(d):
    bert(d)
    change(d, config=lambda c: c | {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}})


@shape()
def bert_megatron(d):
    return bert(d, MegatronBertForMaskedLM, MegatronBertConfig)


def mpnet(d, cls=MPNetForMaskedLM):
    """An MPNet as lag writes a BERT with relative positions: its absolute ones are all the same."""
    model = bert(d, cls, MPNetConfig, save=False)
    with torch.no_grad():
        model.base_model.embeddings.position_embeddings.weight[:] = 0.15 * torch.randn(24)
    model.save_pretrained(d)
    return model


@shape()
def mpnet_one_position(d):
    texts.bert(d, True).save_pretrained(d)
    return mpnet(d)


@shape("without the head")
def mpnet_body(d):
    mpnet(d, MPNetModel)


@shape("absolute positions besides")
def mpnet_with_positions(d):
    bert(d, MPNetForMaskedLM, MPNetConfig)


@shape('"roberta"')
def roberta(d):
    bert(d, RobertaForMaskedLM, RobertaConfig)


@shape('"distilbert"')
def distilbert(d):
    DistilBertForMaskedLM(DistilBertConfig(vocab_size=120, dim=24, n_layers=2, n_heads=2, hidden_dim=40)).save_pretrained(d)
