package lag

import _ "github.com/landscape-aware/growing/lag/model/families" // BERT and UL2
