package lag

import (
	"fmt"

	"github.com/landscape-aware/growing/data"
	"github.com/landscape-aware/growing/data/objective"
	"github.com/landscape-aware/growing/lag/growth"
	"github.com/landscape-aware/growing/lag/model"
	"github.com/landscape-aware/growing/lag/result"
	"github.com/landscape-aware/growing/lag/train"
)

// quick is the smallest study with meaningful results. On two cores of an AMD
// EPYC with XLA it takes three and a half minutes; the final losses are 2.65 to
// 2.83.
//
//	go run ./lag/cmd/lag study -preset quick -workers 2
//
// The source is trained far beyond the plateau, on which the outcome depends: the
// gated strategies keep its loss exactly, so they begin lowest, and the better the
// source is, the further behind new and zeroed layers they end. With 1,200 steps
// of pretraining and 150 after growing, the loss at initialization picked as well
// as the loss at the lag. The strategies are those of the pool that differ most:
// with fewer than 12 a correlation says little.
//
// Its shape was chosen by experiment on the default corpus. Relative positions,
// a small vocabulary, many short sequences, a small hidden size and a high
// learning rate let the source model leave the unigram plateau after about 700
// steps. With a hidden size of 64 it took 900; with 32 sequences of 64 tokens
// and a rate of 2e-3 as well, 1,100; with 32 sequences of 32 and 3e-3 it was
// still there after 2,500.
func quick() (StudyConfig, error) {
	const vocab, length = 512, 32
	m, err := model.New("bert", fmt.Sprintf("layers=3 hidden=48 heads=4 vocabulary=%d length=%d positions=relative", vocab, length))
	text := data.DefaultConfig()
	text.VocabSize = vocab
	return StudyConfig{
		Name: "quick",
		Task: Task{
			Data: text, Model: m, Objective: objective.Objective{Form: objective.Encoder, Settings: objective.DefaultMLM(length)},
			BatchSize: 64, ValidationBatches: 8, Seed: 1, Optimizer: train.AnyOptimizer{Optimizer: train.NewAdamW()},
		},
		Pretrain: Pretraining{
			Schedule:      train.Schedule{Kind: train.Constant, Peak: 4e-3, WarmUp: 100, Steps: 3000},
			EvaluateEvery: 100,
		},
		Growth: Growth{
			To: growth.Depths{6}, Lag: 30, Seeds: []int64{1}, EarlyBatches: 2, PoolOptions: PoolOptions{GateSteps: 30, Moments: growth.MomentsCopy, Rewarm: 30, Few: true},
			Schedule: train.Schedule{Kind: train.Linear, Peak: 4e-3, WarmUp: 10, Steps: 300},
		},
		CheckpointEvery: 100,
	}, err
}

// bertStudy is a study of BERT that takes about half an hour on two cores:
//
//	go run ./lag/cmd/lag study -preset bert -workers 2
//
// On two cores of an AMD EPYC with XLA it takes 50 minutes. On 50 MB of Wikipedia
// the best strategy ends at 3.27 nats, and the strategies spread by 0.03.
//
// The learning rate is constant during pretraining and for 100 steps after
// growing, and then falls to zero over 400 steps. A strategy can therefore
// continue the schedule, as most do, or restart it.
func bertStudy() (StudyConfig, error) {
	const vocab = 1024
	c, err := quick()
	if err == nil {
		err = c.SetModel("hidden", "64")
	}
	if err != nil {
		return c, err
	}
	c.Name = "bert-study"
	c.SetVocabSize(vocab)
	c.ValidationBatches = 16
	c.Pretrain.Schedule = train.Schedule{Kind: train.Constant, Peak: 3e-3, WarmUp: 100, Steps: 3500}
	c.Growth = Growth{
		To: growth.Depths{6}, Lag: 50, Seeds: []int64{1, 2}, EarlyBatches: 4,
		PoolOptions: PoolOptions{GateSteps: 50, Moments: growth.MomentsCopy, Rewarm: 50, Wide: true},
		Schedule: train.Schedule{
			Kind: train.WSD, Peak: 3e-3, WarmUp: 100, Decay: 400, DecayShape: train.DecayLinear, Start: 3500, Steps: 500, Length: 4000,
		},
	}
	c.Growth.Controls = []result.Control{result.ControlScratch}
	c.CheckpointEvery = 250
	return c, nil
}

// ul2Study is the same study with a small encoder-decoder. Both stacks grow.
//
//	go run ./lag/cmd/lag study -preset ul2 -workers 2
//
// On the same machine and corpus it takes 50 minutes. The best strategy ends at
// 4.63 nats, and the strategies spread by 0.007.
func ul2Study() (StudyConfig, error) {
	training, err := ul2Training("ul2", "encoder-decoder", objective.KindUL2)
	if err != nil {
		return StudyConfig{}, err
	}
	c, err := bertStudy()
	c.Name, c.Task = "ul2-study", training.Task
	c.Pretrain.Schedule = train.Schedule{Kind: train.Constant, Peak: 2e-3, WarmUp: 100, Steps: 1200}
	c.Growth.To, c.Growth.Wide = growth.Depths{4, 4}, false
	c.Growth.Schedule = train.Schedule{
		Kind: train.WSD, Peak: 2e-3, WarmUp: 100, Decay: 200, DecayShape: train.DecayLinear, Start: 1200, Steps: 300, Length: 1500,
	}
	c.Growth.Lag, c.Growth.GateSteps, c.Growth.Rewarm = 30, 30, 30
	return c, err
}

// smoke runs in seconds on the pure-Go backend. It shows that everything works;
// its numbers mean nothing. Final losses are about 4.58.
//
//	go run ./lag/cmd/lag study -preset smoke
func smoke() (StudyConfig, error) {
	c, err := quick()
	if err != nil {
		return c, err
	}
	c.Name = "smoke"
	c.Model, err = model.New("bert", "layers=1 hidden=16 heads=2 vocabulary=128 length=16 positions=relative")
	c.Data.VocabSize = 128
	c.Objective.Settings = objective.DefaultMLM(16)
	c.BatchSize, c.ValidationBatches = 8, 2
	c.Pretrain.Schedule.Steps, c.Pretrain.Schedule.WarmUp, c.Pretrain.EvaluateEvery = 20, 5, 10
	c.Growth.To, c.Growth.Lag, c.Growth.GateSteps = growth.Depths{2}, 5, 5
	c.Growth.Rewarm, c.Growth.EarlyBatches, c.Growth.Few = 5, 1, false
	c.Growth.Schedule.Steps, c.Growth.Schedule.WarmUp = 10, 2
	c.CheckpointEvery = 4
	return c, err
}
