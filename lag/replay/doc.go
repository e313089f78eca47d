// Package replay trains a model of another framework on batches of that
// framework, and reports each step, so that two implementations can be held
// against each other number by number.
//
// The model is what transformers' save_pretrained writes for BertForMaskedLM
// and T5ForConditionalGeneration (v1.1): config.json and model.safetensors.
// Dropout is off, whatever the configuration says: the other side is to run in
// evaluation mode. Everything is computed in float32. [Config] can ask for
// dropout, bfloat16 and initial weights, which have no counterpart to compare with.
//
// # Batches
//
// Batches are a safetensors file of int32 or int64 tensors, of which the first
// axis counts the N batches of one shape. B is the batch size, L and T lengths
// in tokens.
//
//	BERT              input_ids          [N, B, L]
//	                  attention_mask     [N, B, L]  1 for a token, 0 for padding; may be absent: no padding
//	                  token_type_ids     [N, B, L]  may be absent: all 0
//	                  labels             [N, B, L]  the token to predict, -100 where none is
//	encoder-decoder   input_ids          [N, B, L]  of the encoder
//	                  attention_mask     [N, B, L]  of the encoder; may be absent: no padding
//	                  decoder_input_ids  [N, B, T]
//	                  labels             [N, B, T]  the token to predict, -100 where none is
//
// Anything else in the file is an error. Step t, from 0, takes batch t.
//
// # Optimizer
//
// The optimizer is a JSON object. Unknown fields are errors; fields left out,
// other than name and lr, have the values shown.
//
//	{"name": "adamw", "lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01,
//	 "clip_norm": 0, "warmup": 0, "schedule": "constant"}
//
//	{"name": "adafactor", "lr": null, "eps": [1e-30, 1e-3], "clip_threshold": 1.0, "decay_rate": -0.8,
//	 "beta1": null, "weight_decay": 0, "scale_parameter": true, "relative_step": true, "warmup_init": false,
//	 "clip_norm": 0, "warmup": 0, "schedule": "constant"}
//
// They mean what they mean in torch.optim.AdamW and in
// transformers.optimization.Adafactor, and:
//
//   - The gradient is first brought under the global norm clip_norm
//     (torch.nn.utils.clip_grad_norm_); 0 or null does not clip.
//   - Weight decay applies to tensors of two or more dimensions, embeddings and
//     T5's relative-bias tables among them, not to biases and norms.
//   - The learning rate of step t, from 0, is lr·min(1, (t+1)/warmup), and after
//     the warm-up follows the schedule, which ends with the last step. Adafactor
//     with relative_step has a rate of its own: lr is null, and warmup and
//     schedule do not apply.
//   - The loss of a step is the one before its update, a mean over the predicted
//     tokens, in nats.
package replay
