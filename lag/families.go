package lag

import _ "github.com/landscape-aware/growing/lag/model/families" // registers BERT and UL2
