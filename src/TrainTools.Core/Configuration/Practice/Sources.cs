namespace TrainTools.Core.Configuration;

/// <summary>Where rules and defaults come from.</summary>
internal static class Sources
{
    public const string Notes = "the tuning notes (docs/tuning-notes.md)";
    public const string Semantics = "the meaning of the setting";
    public const string Transformers = "transformers TrainingArguments";
    public const string Trl = "TRL SFTTrainer";
    public const string Judgement = "our judgement, no published source";
    public const string Qlora = "Dettmers et al., QLoRA (2023), scripts";
    public const string LoraPractice = "Schulman et al., LoRA Without Regret (2025); TRL's PEFT guide; LLaMA-Factory, torchtune and Unsloth recipes";
    public const string FullPractice = "TRL's, LLaMA-Factory's, torchtune's and Axolotl's full fine-tuning recipes";
    public const string BertPractice = "Devlin et al., BERT (2019), appendix A.3; transformers' run_glue example";
    public const string Eos = "TRL issues 1623, 931 and 3091; alignment-handbook 127";
}
