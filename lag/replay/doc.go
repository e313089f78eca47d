// Package replay trains a model of another framework on that framework's
// batches and reports each step, so that two implementations can be compared
// number by number.
//
// The model is in the format of transformers' save_pretrained for
// BertForMaskedLM and T5ForConditionalGeneration (v1.1): config.json and
// model.safetensors. Dropout is off, regardless of the configuration: run the
// other framework in evaluation mode. All computations use float32. [Config]
// has options for dropout, bfloat16 and initial weights, but the other
// framework has no comparable results for these.
//
// # Batches
//
// Batches are a safetensors file of int32 or int64 tensors. The first axis is
// the number N of batches, which all have the same shape. B is the batch size;
// L and T are lengths in tokens.
//
//	BERT              input_ids          [N, B, L]
//	                  attention_mask     [N, B, L]  1 for a token, 0 for padding; if missing, no padding
//	                  token_type_ids     [N, B, L]  if missing, all 0
//	                  labels             [N, B, L]  the token to predict, or -100 for none
//	encoder-decoder   input_ids          [N, B, L]  of the encoder
//	                  attention_mask     [N, B, L]  of the encoder; if missing, no padding
//	                  decoder_input_ids  [N, B, T]
//	                  labels             [N, B, T]  the token to predict, or -100 for none
//
// Other tensors in the file are an error. Step t, from 0, uses batch t.
//
// # Optimizer
//
// The optimizer is a JSON object. Unknown fields are errors. Missing fields
// other than name and lr have the values shown.
//
//	{"name": "adamw", "lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.01,
//	 "clip_norm": 0, "warmup": 0, "schedule": "constant", "schedule_steps": 0, "schedule_offset": 1}
//
//	{"name": "adafactor", "lr": null, "eps": [1e-30, 1e-3], "clip_threshold": 1.0, "decay_rate": -0.8,
//	 "beta1": null, "weight_decay": 0, "scale_parameter": true, "relative_step": true, "warmup_init": false,
//	 "clip_norm": 0, "warmup": 0, "schedule": "constant", "schedule_steps": 0, "schedule_offset": 1}
//
// The fields have the same meaning as in torch.optim.AdamW and
// transformers.optimization.Adafactor. In addition:
//
//   - The gradient is first clipped to the global norm clip_norm
//     (torch.nn.utils.clip_grad_norm_); 0 or null means no clipping.
//   - Weight decay applies to tensors with two or more dimensions, including
//     embeddings and T5's relative-bias tables, but not to biases and norms.
//   - The learning rate of step t, from 0, is lr·(t+schedule_offset)/warmup in the
//     warm-up, where t < warmup. Then it is that of the schedule, which has
//     schedule_steps steps or, if these are 0, ends with the run.
//   - The schedulers of transformers (get_constant_schedule_with_warmup and those
//     for linear and cosine) are one step behind the default: their first step has
//     the rate 0. To replay a run of transformers' Trainer, set schedule_offset to
//     0, warmup to its warmup_steps, and schedule_steps to its max_steps.
//   - Adafactor with relative_step has its own rate: lr is null, and the fields of
//     the schedule do not apply.
//   - The loss of a step is the mean over the predicted tokens before its update,
//     in nats.
package replay
