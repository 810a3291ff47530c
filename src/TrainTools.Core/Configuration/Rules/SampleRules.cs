using TrainTools.Core.Errors;
using TrainTools.Core.Samples;
using static TrainTools.Core.Configuration.ConfigText;
using static TrainTools.Core.Configuration.FindingSeverity;
using static TrainTools.Core.Configuration.RuleContext;

namespace TrainTools.Core.Configuration;

/// <summary>Rules on the records as the model will see them: tokens and labels.</summary>
internal static class SampleRules
{
    public static IReadOnlyList<ConfigRule> All { get; } =
    [
        new()
        {
            Id = "TokenizerFitsModel",
            Title = "The tokenizer belongs to the model",
            Settings = ["tokenizer_path", "model_name_or_path"],
            Source = "transformers issues 22312 and 34055",
            Levels = "Error where tokens lie beyond the embedding or the tokenizer cannot be loaded",
            Why = "A token beyond the embedding has no vector: the run ends, or the device fails.",
            ReadsData = true,
            Test = Vocabulary,
        },
        new()
        {
            Id = "RecordsEncode",
            Title = "Every record can be turned into tokens",
            Settings = ["dataset_path", "chat_template_path", "assistant_only_loss"],
            Source = "TRL issues 4879 and 4147; Qwen3 issue 1522",
            Levels = "Error for records that the chat template or the loss mask refuses",
            Why = "A run ends at the first record that has no template, that its template refuses, or in which assistant_only_loss finds no assistant.",
            ReadsData = true,
            Test = c =>
            {
                var failed = c.Facts.Sample?.Rows.Where(r => r.Problem is not null).ToList() ?? [];
                // One reason is told once; records of the wrong shape are DataFitsTask's matter.
                return failed.Where(r => r.Problem!.ErrorId != ErrorIds.RecordShapeUnsupported || c.Config.Data.AssistantOnlyLoss).GroupBy(r => r.Problem!.ErrorId).SelectMany(g => Found(
                    Error,
                    $"{g.Count()} of {c.Facts.Sample!.Rows.Count} records looked at cannot be used: {Reason(g.First())}",
                    "records that can be rendered and masked",
                    g.Key == ErrorIds.RecordShapeUnsupported || (g.Key == ErrorIds.AssistantTokensMissing && g.Count() == c.Facts.Sample.Rows.Count) ? [("assistant_only_loss", false)] : null,
                    g.Key == ErrorIds.RecordShapeUnsupported ? "Or take data with conversations." : g.First().Problem!.Remedy,
                    g.Key == ErrorIds.ChatTemplateMissing ? "chat_template_path" : g.Key is ErrorIds.RecordShapeUnsupported or ErrorIds.AssistantTokensMissing ? "assistant_only_loss" : "dataset_path",
                    [.. g.Take(3).Select(r => $"{r.Place}: {Shorten(string.Join(" | ", RecordText.Parts(r.Record)))}")],
                    errorId: g.Key));
            },
        },
        new()
        {
            Id = "AssistantMaskDerived",
            Title = "The chat template marks the assistant's text",
            Settings = ["assistant_only_loss", "chat_template_path"],
            Source = "TRL issue 4879; marin issue 7237; Megatron-Bridge issue 3359",
            Levels = "Info where it does not",
            Why = "The template has no generation blocks. Other tools then train on everything, or on nothing; here the mask is derived by rendering the conversation turn by turn.",
            ReadsData = true,
            Test = c => c.Config.Data.AssistantOnlyLoss && c.Facts.Sample is { Template.MarksAssistantText: false } sample && Supervised(sample).FirstOrDefault() is { } row
                ? Found(Info, expected: "a template with {% generation %} blocks, or a look at the mask", remedy: "Look at a record with Get-TrainingSample.", evidence: [$"{row.Place}: learnt: {Shorten(Learnt(sample, row))}"])
                : None,
        },
        new()
        {
            Id = "CompletionOnlyData",
            Title = "completion_only_loss finds prompts and completions",
            Settings = ["completion_only_loss", "dataset_path"],
            Source = Sources.Trl,
            Levels = "Warning for records without",
            Why = "Records without a prompt and a completion are learnt whole.",
            ReadsData = true,
            Test = c =>
            {
                var records = c.Facts.Sample?.Records ?? [];
                var others = records.Where(r => r.Shape is not (Data.RecordShape.PromptCompletion or Data.RecordShape.ConversationalPromptCompletion)).ToList();
                return c.Given.Data.CompletionOnlyLoss != true || others.Count == 0 ? None : Found(
                    Warning,
                    $"{Percent((double)others.Count / records.Count)} of the records have no prompt and completion; they are learnt whole.",
                    "prompt and completion in each record",
                    others.Count == records.Count ? [("completion_only_loss", null)] : null,
                    others.All(r => r.Shape == Data.RecordShape.Messages) ? "For conversations there is assistant_only_loss." : "Name the fields with prompt_field and completion_field.",
                    evidence: [.. others.Take(3).Select(r => $"{SampleEncoder.Place(r with { SourceFile = Path.GetFileName(r.SourceFile) })}: {r.Shape}")]);
            },
        },
        new()
        {
            Id = "TokensLost",
            Title = "max_length holds the records",
            Settings = ["max_length", "packing_strategy"],
            Source = "transformers issue 30998; TRL issue 2400",
            Levels = "Warning where more than 5 % of the tokens or 20 % of the records are cut, Info for any",
            Why = "What is cut off is not learnt: the end of an answer, and with it when to stop.",
            ReadsData = true,
            Test = Lost,
        },
        new()
        {
            Id = "RecordsCutApart",
            Title = "Records stay whole in packed rows",
            Settings = ["max_length", "packing_strategy", "packing"],
            Source = "Ding et al., Fewer Truncations Improve Language Modeling (2024)",
            Levels = "Warning where bfd_split or wrapped cut more than 20 % of the records into pieces, plain text excepted",
            Why = "A piece does not see what came before it: an answer is learnt without its question.",
            ReadsData = true,
            Test = c =>
            {
                var rows = c.Facts.Sample?.Rows.Where(r => r.Length > 0 && r.Record.Shape != Data.RecordShape.Text).ToList() ?? [];
                if (c.Config.Data is not { Packing: true, PackingStrategy: not PackingStrategy.Bfd, MaxLength: { } limit })
                {
                    return None;
                }

                var cut = rows.Where(r => r.Length > limit).OrderByDescending(r => r.Length).ToList();
                return cut.Count <= 0.2 * rows.Count ? None : Found(
                    Warning,
                    $"{Percent((double)cut.Count / rows.Count)} of the records are longer than {limit} tokens and are cut into pieces: an answer is learnt without its question.",
                    "at most 20 %",
                    remedy: CanBeLonger(c) ? "Raise max_length, or leave long records out." : "Leave long records out: the model has no more positions.",
                    evidence: [.. cut.Take(3).Select(r => $"{r.Place}: {r.Length} tokens")]);
            },
        },
        new()
        {
            Id = "RowsWithoutTarget",
            Title = "Every record has something to learn",
            Settings = ["max_length", "keep_target", "assistant_only_loss", "completion_only_loss"],
            Source = "TRL issues 6668 and 1053; unsloth issues 1128 and 2900",
            Levels = "Error where more than half of the records have none left, Warning for any",
            Why = "Where the prompt fills max_length every label is masked; the record is dropped, or in other tools counts with a loss of 0.",
            ReadsData = true,
            Test = WithoutTarget,
        },
        new()
        {
            Id = "SupervisedShare",
            Title = "A fair share of the tokens is learnt",
            Settings = ["max_length", "assistant_only_loss", "completion_only_loss"],
            Source = Sources.Judgement,
            Levels = "Warning below 2 % after truncation, or where truncation takes a fifth of the share",
            Why = "Time goes into every token, learning comes from the supervised ones.",
            ReadsData = true,
            Test = SupervisedShare,
        },
        new()
        {
            Id = "EndOfTurnLearnt",
            Title = "The model learns when to stop",
            Settings = ["chat_template_path", "max_length", "dataset_path"],
            Source = Sources.Eos,
            Levels = "Error below a tenth of the records, Warning below 90 %",
            Why = "Where the last supervised token does not end the turn, the fine-tuned model never stops.",
            ReadsData = true,
            Test = EndOfTurn,
        },
        new()
        {
            Id = "PadIsEos",
            Title = "Padding is not the end token",
            Settings = ["tokenizer_path", "model_name_or_path"],
            Source = "TRL pull request 3091; unsloth issue 416; transformers' DataCollatorForLanguageModeling",
            Levels = "Info where pad and eos are one token",
            Why = "Here padding is masked by position, so the end token is learnt all the same. Collators that mask by the padding's id never learn it: the model saved from this run keeps the pair, and other tools may fall for it.",
            ReadsData = true,
            Test = c => c.Facts.Sample?.Tokenizer is { PadTokenId: { } pad, EosTokenId: { } eos } tokenizer && pad == eos
                ? Found(Info, expected: "a padding token of its own", remedy: "Give the tokenizer a pad_token of its own (tokenizer_config.json), if other tools are to train on.", evidence: [$"pad_token = eos_token = {tokenizer.EosToken} ({eos})"])
                : None,
        },
        new()
        {
            Id = "DoubleBos",
            Title = "The begin token comes once",
            Settings = ["dataset_path", "chat_template_path"],
            Source = "alignment-handbook issue 127; unsloth pull request 10312",
            Levels = "Warning for any record that begins with it twice",
            Why = "The model has never seen two begin tokens; answers get worse, and nothing says why.",
            ReadsData = true,
            Test = c =>
            {
                var bos = c.Facts.Sample?.Tokenizer?.BosTokenId;
                var twice = bos is null ? [] : c.Facts.Sample!.Rows.Where(r => r.Sample is { Length: > 1 } s && s.InputIds[0] == bos && s.InputIds[1] == bos).ToList();
                return twice.Count == 0 ? None : Found(
                    Warning,
                    $"{twice.Count} of {c.Facts.Sample!.Rows.Count} records begin with {c.Facts.Sample.Tokenizer!.BosToken} twice: the text (or the template) writes it, and the tokenizer adds it.",
                    "one begin token",
                    remedy: "Take the begin token out of the texts.",
                    evidence: [.. twice.Take(3).Select(r => $"{r.Place}: {Shorten(c.Facts.Sample.Tokenizer.Decode(r.Sample!.InputIds.AsSpan(0, Math.Min(12, r.Sample.Length)), skipSpecialTokens: false))}")]);
            },
        },
        new()
        {
            Id = "PromptSplitsToken",
            Title = "The prompt ends between tokens",
            Settings = ["dataset_path", "prompt_field", "completion_field"],
            Source = "TRL's warning on mismatched prompts",
            Levels = "Warning above 5 % of the records, Info for any",
            Why = "Prompt and completion are tokenised together. Where the border falls inside a token, the loss mask is off by it: a first letter is not learnt, or a last one of the prompt is.",
            ReadsData = true,
            Test = c =>
            {
                var rows = c.Facts.Sample?.Rows ?? [];
                var split = rows.Where(r => r.PromptSplitsToken).ToList();
                return split.Count == 0 ? None : Found(
                    split.Count > 0.05 * rows.Count ? Warning : Info,
                    $"In {split.Count} of {rows.Count} records the prompt ends inside a token.",
                    "prompts that end where a token ends",
                    remedy: "Let the prompt end without a blank and the completion begin with one.",
                    evidence: [.. split.Take(3).Select(r => $"{r.Place}: …{Tail(r.Record.Prompt)}|{Shorten(r.Record.Completion ?? string.Empty)}")]);
            },
        },
        new()
        {
            Id = "PromptRunsOn",
            Title = "Something stands between prompt and completion",
            Settings = ["dataset_path", "prompt_field", "completion_field"],
            Source = "OpenAI's guide to fine-tuning on prompts and completions: a fixed separator ends the prompt",
            Levels = "Info where in more than half of the records neither the prompt ends nor the completion begins with white space or a sign of its own",
            Why = "The two are put together as they are: without a blank, a line end or a separator the model cannot see where the question ends and the answer begins.",
            ReadsData = true,
            Test = c =>
            {
                var pairs = c.Facts.Sample?.Records.Where(r => r is { Shape: Data.RecordShape.PromptCompletion, Prompt.Length: > 0, Completion.Length: > 0 }).ToList() ?? [];
                var joined = pairs.Where(r => !char.IsWhiteSpace(r.Prompt![^1]) && !char.IsWhiteSpace(r.Completion![0]) && r.Prompt[^1] is not (':' or '>' or '|' or ']' or '#') && r.Prompt[^1] < '\u2e80').ToList();
                return joined.Count <= pairs.Count / 2 ? None : Found(
                    Info,
                    $"In {Percent((double)joined.Count / pairs.Count)} of the records the completion follows the prompt without a blank, a line end or a separator.",
                    "a blank, a line end or a separator",
                    remedy: "Let each prompt end with a separator such as a line end, and ask with the same one later.",
                    evidence: [.. joined.Take(3).Select(r => $"{SampleEncoder.Place(r with { SourceFile = Path.GetFileName(r.SourceFile) })}: …{Tail(r.Prompt)}|{Shorten(r.Completion!)}")]);
            },
        },
        new()
        {
            Id = "UnknownTokens",
            Title = "The tokenizer knows the text",
            Settings = ["tokenizer_path", "dataset_path"],
            Source = Sources.Judgement,
            Levels = "Warning above 1 % of the tokens",
            Why = "Unknown tokens are all the same to the model: a vocabulary without these characters, or the wrong tokenizer.",
            ReadsData = true,
            Test = c =>
            {
                // GPT-2's kind names its end token as the unknown one too, and never meets an unknown character.
                var unknown = c.Facts.Sample?.Tokenizer is { UnknownTokenId: { } id } t && id != t.EosTokenId && id != t.BosTokenId && id != t.PadTokenId ? id : -1;
                var rows = unknown < 0 ? [] : c.Facts.Sample!.Rows.Where(r => r.Sample is not null).ToList();
                long tokens = rows.Sum(r => (long)r.Length), count = rows.Sum(r => (long)r.Sample!.InputIds.Count(i => i == unknown));
                return count <= 0.01 * tokens ? None : Found(
                    Warning,
                    $"{Percent((double)count / tokens)} of the tokens are unknown to the tokenizer.",
                    "at most 1 %",
                    remedy: "Check that tokenizer and data are in the same language and script.",
                    evidence: [.. rows.OrderByDescending(r => r.Sample!.InputIds.Count(i => i == unknown)).Take(3).Select(r => $"{r.Place}: {Shorten(string.Join(" | ", RecordText.Parts(r.Record)))}")]);
            },
        },
    ];

    private static IEnumerable<SampledRow> Supervised(DataSample sample) => sample.Rows.Where(r => r.Sample is { SupervisedTokens: > 0 });

    private static string Reason(SampledRow row)
    {
        var message = row.Problem!.Message;
        var place = SampleEncoder.Place(row.Record);
        return message.StartsWith(place + ": ", StringComparison.Ordinal) ? message[(place.Length + 2)..]
            : message.StartsWith(place + " ", StringComparison.Ordinal) ? "the first " + message[(place.Length + 1)..] : message;
    }

    private static string Learnt(DataSample sample, SampledRow row) =>
        sample.Tokenizer!.Decode([.. row.Sample!.Labels.Where(l => l != TrainingSample.Ignored)], skipSpecialTokens: false);

    private static string Tail(string? text) => text is null ? string.Empty : text[^Math.Min(20, text.Length)..].ReplaceLineEndings("\\n");

    // What is left of a row; packing with bfd_split and wrapped cuts nothing away.
    private static TrainingSample Kept(RuleContext c, TrainingSample sample)
    {
        var data = c.Config.Data;
        return data.MaxLength is not { } length || (data.Packing == true && data.PackingStrategy != PackingStrategy.Bfd) ? sample
            : data.TruncationMode == TruncationMode.KeepEnd && data.Packing != true && sample.Length > length
                ? sample with { InputIds = sample.InputIds[^length..], Labels = sample.Labels[^length..] }
                : sample.Truncate(length);
    }

    // A label at the first position is never a target.
    private static bool HasTarget(TrainingSample sample) => sample.Labels.Skip(1).Any(l => l != TrainingSample.Ignored);

    private static bool CanBeLonger(RuleContext c) => c.Config.Data.MaxLength < (c.Facts.Model?.MaxPositions ?? int.MaxValue);

    private static IEnumerable<ConfigFinding> Vocabulary(RuleContext c)
    {
        // That there is none is TokenizerExists' matter.
        if (c.Facts.Sample?.TokenizerFailure is { } failure && failure.ErrorId != ErrorIds.TokenizerNotFound)
        {
            return Found(Error, failure.Message, "a tokenizer and a chat template that can be used", remedy: failure.Remedy, setting: c.Config.Model.TokenizerPath is null ? "model_name_or_path" : "tokenizer_path", errorId: failure.ErrorId);
        }

        if (c.Facts.Sample?.Tokenizer is not { } tokenizer || c.Facts.Model is not { VocabularySize: > 0 and var size } || tokenizer.VocabularySize <= size)
        {
            return None;
        }

        var roles = tokenizer.SpecialTokens.Where(t => tokenizer.TokenToId(t.Value) >= size).Select(t => $"{t.Key} {t.Value} ({tokenizer.TokenToId(t.Value)})").ToList();
        var rows = c.Facts.Sample.Rows.Where(r => r.Sample?.InputIds.Any(i => i >= size) == true).ToList();
        return Found(
            Error,
            $"The tokenizer has {tokenizer.VocabularySize} tokens and the model's embedding {size}: " + (rows.Count > 0 ? $"{rows.Count} of {c.Facts.Sample.Rows.Count} records use tokens beyond it." : roles.Count > 0 ? $"{string.Join(", ", roles)} lie beyond it." : "a run refuses that, though no record read here uses those beyond it."),
            $"at most {size} tokens",
            remedy: "Take the tokenizer that belongs to the model.",
            setting: c.Config.Model.TokenizerPath is null ? "model_name_or_path" : "tokenizer_path",
            evidence: [.. roles, .. rows.Take(3).Select(r => $"{r.Place}: token {r.Sample!.InputIds.First(i => i >= size)}")],
            errorId: ErrorIds.TokenizerVocabularyTooLarge);
    }

    private static IEnumerable<ConfigFinding> Lost(RuleContext c)
    {
        // Tagging puts long records into windows: nothing is cut off.
        if (c.Config.Task.TaskType == TaskType.TokenClassification)
        {
            return None;
        }

        var rows = c.Facts.Sample?.Rows.Where(r => r.Length > 0).ToList() ?? [];
        if (rows.Count == 0 || c.Config.Data.MaxLength is not { } limit || (c.Config.Data.Packing == true && c.Config.Data.PackingStrategy != PackingStrategy.Bfd))
        {
            return None;
        }

        var cut = rows.Where(r => r.Length > limit).ToList();
        if (cut.Count == 0)
        {
            return None;
        }

        int[] lengths = [.. rows.Select(r => r.Length).Order()];
        int At(double share) => lengths[(int)Math.Min(lengths.Length - 1, Math.Ceiling(share * lengths.Length) - 1)];
        var lost = (double)cut.Sum(r => (long)r.Length - limit) / rows.Sum(r => (long)r.Length);
        var records = (double)cut.Count / rows.Count;
        var wanted = Math.Min((At(0.99) + 63) / 64 * 64, c.Facts.Model?.MaxPositions ?? int.MaxValue);
        return Found(
            lost > 0.05 || records > 0.2 ? Warning : Info,
            $"{Percent(records)} of the records are longer than {limit} tokens; {Percent(lost)} of all tokens are cut off.",
            "at most 5 % of the tokens and 20 % of the records",
            wanted > limit ? [("max_length", wanted)] : null,
            wanted > limit ? null : c.Config.Data.Packing == true ? "packing_strategy bfd_split keeps what bfd cuts off." : "The model has no more positions: cut long records into parts, or leave them out.",
            evidence: [$"length in tokens: median {At(0.5)}, 90 % {At(0.9)}, 95 % {At(0.95)}, 99 % {At(0.99)}, longest {lengths[^1]}", .. cut.OrderByDescending(r => r.Length).Take(3).Select(r => $"{r.Place}: {r.Length} tokens")]);
    }

    private static IEnumerable<ConfigFinding> WithoutTarget(RuleContext c)
    {
        var rows = c.Facts.Sample?.Rows.Where(r => r.Sample is not null).ToList() ?? [];
        if (c.Config.Data.KeepTarget)
        {
            rows = [.. rows.Where(r => !HasTarget(r.Sample!))];
        }

        var none = rows.Where(r => !HasTarget(Kept(c, r.Sample!))).ToList();
        if (none.Count == 0)
        {
            return None;
        }

        var total = c.Facts.Sample!.Rows.Count;
        var cut = none.Where(r => HasTarget(r.Sample!)).ToList();
        return Found(
            none.Count > total / 2 ? Error : Warning,
            $"{none.Count} of {total} records have nothing left to learn{(cut.Count > 0 ? $", {(cut.Count == none.Count ? string.Empty : $"{cut.Count} of them ")}because max_length ({c.Config.Data.MaxLength}) cuts off every supervised token" : string.Empty)}.",
            "none",
            cut.Count > 0 ? [("keep_target", true)] : null,
            cut.Count == 0 ? "Remove them with Invoke-DatasetClean." : CanBeLonger(c) ? "Or raise max_length." : null,
            evidence: [.. none.Take(3).Select(r => $"{r.Place}: {r.Length} tokens, {r.Sample!.SupervisedTokens} supervised before truncation: …{Shorten(c.Facts.Sample.Tokenizer!.Decode(Kept(c, r.Sample).InputIds.AsSpan()[^Math.Min(12, Kept(c, r.Sample).Length)..], skipSpecialTokens: false))}")]);
    }

    private static IEnumerable<ConfigFinding> SupervisedShare(RuleContext c)
    {
        var rows = c.Facts.Sample?.Rows.Where(r => r.Sample is { Length: > 0 }).ToList() ?? [];
        if (rows.Count == 0)
        {
            return None;
        }

        var kept = rows.ConvertAll(r => Kept(c, r.Sample!));
        var before = (double)rows.Sum(r => (long)r.Sample!.SupervisedTokens) / rows.Sum(r => (long)r.Length);
        var after = (double)kept.Sum(s => (long)s.SupervisedTokens) / kept.Sum(s => (long)s.Length);
        var lost = before > 0 && after < 0.8 * before;
        return after >= 0.02 && !lost ? None : Found(
            Warning,
            $"{Percent(before)} of the tokens are supervised before truncation, {Percent(after)} after.",
            "2 % or more, and no fifth lost",
            remedy: lost ? $"{(CanBeLonger(c) ? "Raise max_length or set" : "Set")} keep_target: truncation takes the answers." : "Shorten the prompts, or check that the loss is where it should be (Get-TrainingSample).",
            evidence: [.. rows.OrderBy(r => (double)Kept(c, r.Sample!).SupervisedTokens / Kept(c, r.Sample!).Length).Take(3).Select(r => $"{r.Place}: {Kept(c, r.Sample!).SupervisedTokens} of {Kept(c, r.Sample!).Length} tokens")]);
    }

    private static IEnumerable<ConfigFinding> EndOfTurn(RuleContext c)
    {
        if (c.Facts.Sample is not { Tokenizer: { } tokenizer } sample)
        {
            return None;
        }

        var rows = Supervised(sample).Where(r => HasTarget(Kept(c, r.Sample!))).ToList();
        if (rows.Count == 0)
        {
            return None;
        }

        var ends = tokenizer.AddedTokens.Where(t => t.Special).Select(t => t.Id).Append(tokenizer.EosTokenId ?? -1).ToHashSet();
        bool Ends(TrainingSample s)
        {
            var last = Array.FindLastIndex(s.Labels, l => l != TrainingSample.Ignored);
            // Templates put a line end behind the end token.
            while (last > 0 && s.Labels[last] != TrainingSample.Ignored && !ends.Contains(s.Labels[last]) && string.IsNullOrWhiteSpace(tokenizer.Decode([s.Labels[last]], skipSpecialTokens: false)))
            {
                last--;
            }

            return ends.Contains(s.Labels[last]);
        }

        var without = rows.Where(r => !Ends(Kept(c, r.Sample!))).ToList();
        var cut = without.Count(r => Ends(r.Sample!));
        var share = 1 - ((double)without.Count / rows.Count);
        var lost = cut > 0 ? $" ({cut} of {rows.Count} lose it by truncation to {c.Config.Data.MaxLength} tokens)" : string.Empty;
        return share >= 0.9 ? None : Found(
            share < 0.1 ? Error : Warning,
            share < 0.1
                ? $"In {Percent(1 - share)} of the records the last supervised token does not end the turn{lost}: the model will never stop."
                : $"In {Percent(1 - share)} of the records the last supervised token does not end the turn{lost}: the model learns to run on.",
            "at most 10 %",
            remedy: cut > without.Count / 2 ? CanBeLonger(c) ? "Raise max_length, or leave long records out." : "Leave long records out: the model has no more positions." : tokenizer.EosToken is null ? "The tokenizer has no eos_token; name it in tokenizer_config.json." : "Take a chat template that writes the end token after each answer (chat_template_path).",
            setting: cut > without.Count / 2 ? "max_length" : string.Empty,
            evidence: [.. without.Take(3).Select(r => $"{r.Place}: …{Shorten(tokenizer.Decode([.. Kept(c, r.Sample!).Labels.Where(l => l != TrainingSample.Ignored).TakeLast(12)], skipSpecialTokens: false))}")]);
    }
}
