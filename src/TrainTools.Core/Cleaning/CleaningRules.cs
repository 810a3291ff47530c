using static TrainTools.Core.Cleaning.RuleDirection;

namespace TrainTools.Core.Cleaning;

/// <summary>
/// The catalogue of rules. The letters are the default actions in the profiles sft, classification, ner, preference, web:
/// R remove, F flag, X repair, - off.
/// </summary>
public static class CleaningRules
{
    private static readonly List<CleaningRule> Catalogue = [];

    /// <summary>Every rule.</summary>
    public static IReadOnlyList<CleaningRule> All => Catalogue;

    public static readonly CleaningRule ExactDuplicate = Rule("duplicate.exact", AtLeast, 1, "RRRRR", "Equal to another record after normalisation (1 = equal).");
    public static readonly CleaningRule NearDuplicate = Rule("duplicate.near", AtLeast, 0.8, "RRFRR", "Jaccard similarity to a record that is kept; input and output must reach it too.");

    public static readonly CleaningRule NumberVariant = Rule("duplicate.number_variant", AtLeast, 0.8, "FFFFF", "As similar as a near duplicate but with other numbers: a variant of an exercise, a statement about another year.");

    public static readonly CleaningRule ConflictLabel = Rule("conflict.label", Below, 1, "-R---", "The same text has other labels; share of the votes for this record's label.");
    public static readonly CleaningRule ConflictTags = Rule("conflict.tags", Below, 1, "--F--", "The same words have other tags; share of the votes for this record's tags.");
    public static readonly CleaningRule ConflictAnswer = Rule("conflict.answer", Below, 1, "R--F-", "The same prompt has another closed answer; share of the votes for this record's answer.");
    public static readonly CleaningRule MultiAnswer = Rule("conflict.multi_answer", Above, double.PositiveInfinity, "F----", "The same prompt has other open-ended answers; their number. Noted only: no conflict.");
    public static readonly CleaningRule ConflictNear = Rule("conflict.near_input", AtLeast, 0.9, "FFF--", "A nearly equal input has another outcome; similarity of the inputs.");
    public static readonly CleaningRule ConflictPreference = Rule("conflict.preference", AtLeast, 1, "---R-", "Another pair prefers what this one rejects; number of such pairs.");
    public static readonly CleaningRule ConflictCycle = Rule("conflict.cycle", AtLeast, 3, "---R-", "Preferences that go round in a circle; number of answers in it.");

    public static readonly CleaningRule LabelError = Rule("label.error", Below, 1, "-F---", "Confident learning takes the label for wrong; out-of-fold probability of the given label.");

    public static readonly CleaningRule EmptyAnswer = Rule("structure.empty_answer", AtLeast, 1, "R--R-", "An answer of nothing but white space; number of them.");
    public static readonly CleaningRule EmptyInput = Rule("structure.empty_input", AtLeast, 1, "FRRFR", "A prompt or text of nothing but white space.");
    public static readonly CleaningRule NoAnswer = Rule("structure.no_answer", AtLeast, 1, "R--R-", "No turn of the assistant.");
    public static readonly CleaningRule UnknownRole = Rule("structure.unknown_role", AtLeast, 1, "F--F-", "Turns by someone other than system, developer, user, assistant, tool; number of them.");
    public static readonly CleaningRule RoleOrder = Rule("structure.role_order", AtLeast, 1, "F--F-", "Two turns of one speaker in a row, a system turn that is not first, an assistant's turn first, or no assistant's turn last; number of breaches.");
    public static readonly CleaningRule AnswerEqualsPrompt = Rule("structure.answer_equals_prompt", AtLeast, 1, "R--R-", "The answer repeats the prompt.");
    public static readonly CleaningRule CutOff = Rule("structure.cut_off", AtLeast, 0.9, "F--F-", "The answer stops in the middle: 1 for certain signs, else the share of the answers like it in this set that end properly.");
    public static readonly CleaningRule SpecialToken = Rule("structure.special_token", AtLeast, 1, "F--FF", "Tokens of a chat template inside a text; number of them.");
    public static readonly CleaningRule RoleMarker = Rule("structure.role_marker", AtLeast, 1, "F--F-", "Another turn begins inside an answer (### Instruction:, Human:); number of them.");
    public static readonly CleaningRule NoSupervisedToken = Rule("structure.no_supervised_token", AtLeast, 1, "R--R-", "The prompt alone fills max_length: nothing is left to learn; tokens of the prompt as a share of max_length.");
    public static readonly CleaningRule InvalidTags = Rule("structure.invalid_bio", AtLeast, 1, "--X--", "Tags that continue an entity that was not begun; number of them. Repaired by beginning one.");
    public static readonly CleaningRule TagCount = Rule("structure.tag_count", AtLeast, 1, "--R--", "Numbers of words and tags differ; by how much.");
    public static readonly CleaningRule ChosenEqualsRejected = Rule("structure.chosen_equals_rejected", AtLeast, 1, "---R-", "The chosen answer is the rejected one.");

    public static readonly CleaningRule TooShort = Rule("length.too_short", Below, 1, "-RR-R", "Words or tokens of the text.");
    public static readonly CleaningRule TooLong = Rule("length.too_long", Above, double.PositiveInfinity, "FFFFF", "Tokens of the record; the threshold is max_length.");
    public static readonly CleaningRule OddPrompt = Rule("length.odd_prompt", Above, 1.5, "FFFF-", "Length unusual for this set: interquartile ranges of the log length beyond the quartiles (prompt or text).");
    public static readonly CleaningRule OddAnswer = Rule("length.odd_answer", Above, 1.5, "F--F-", "The same for the answer.");

    public static readonly CleaningRule Repetition = Rule("quality.repetition", AtLeast, 0.6, "R--FR", "Share of 10-character sequences that occurred before in the text.");
    public static readonly CleaningRule FewLetters = Rule("quality.few_letters", Below, 0.1, "F--FR", "Share of letters and digits in a text of 20 characters or more.");
    public static readonly CleaningRule Symbols = Rule("quality.symbols", AtLeast, 0.5, "F--FR", "Share of symbols that are neither letters, digits, white space nor common punctuation.");
    public static readonly CleaningRule Mojibake = Rule("quality.mojibake", AtLeast, 1, "XXFXX", "Text decoded with the wrong character set; number of damaged places. Repaired by decoding them again.");
    public static readonly CleaningRule ControlCharacters = Rule("quality.control", AtLeast, 1, "XXFXX", "Control characters and stray byte-order marks; number of them. Repaired by taking them out.");
    public static readonly CleaningRule ReplacementCharacter = Rule("quality.replacement", AtLeast, 1, "FFFFF", "Characters lost in decoding (U+FFFD); number of them.");
    public static readonly CleaningRule HtmlTags = Rule("quality.html", AtLeast, 2, "FFFFF", "HTML tags outside code; number of them.");
    public static readonly CleaningRule HtmlEntities = Rule("quality.html_entity", AtLeast, 1, "FFFFF", "HTML character references outside code; number of them.");
    public static readonly CleaningRule Language = Rule("quality.language", AtLeast, 1, "-----", "The text is in another language than those asked for (1 = it is).");
    public static readonly CleaningRule Script = Rule("quality.script", AtLeast, 0.5, "-----", "Share of letters in scripts other than those asked for.");
    public static readonly CleaningRule Boilerplate = Rule("quality.boilerplate", AtLeast, 1, "F--F-", "Phrases that assistants repeat (disclaimers, refusals); number of them.");
    public static readonly CleaningRule RecurringLine = Rule("quality.recurring_line", AtLeast, 0.02, "F---F", "Share of the set's answers that begin or end with the same line as this one.");

    public static readonly CleaningRule Email = Rule("pii.email", AtLeast, 1, "FFFFF", "E-mail addresses; number of them.");
    public static readonly CleaningRule Phone = Rule("pii.phone", AtLeast, 1, "FFFFF", "Telephone numbers in an international or grouped form; number of them.");
    public static readonly CleaningRule IpAddress = Rule("pii.ip", AtLeast, 1, "FFFFF", "Public IP addresses; number of them.");
    public static readonly CleaningRule CardNumber = Rule("pii.card", AtLeast, 1, "FFFFF", "Payment card numbers with a right check digit; number of them.");
    public static readonly CleaningRule Iban = Rule("pii.iban", AtLeast, 1, "FFFFF", "Bank account numbers (IBAN) with right check digits; number of them.");
    public static readonly CleaningRule Secret = Rule("pii.secret", AtLeast, 1, "FFFFF", "Keys and tokens by their usual forms, private keys; number of them.");

    public static readonly CleaningRule Contamination = Rule("contamination.overlap", AtLeast, 0.5, "RRRRR", "Share of an evaluation record's word n-grams that this record holds; a short one counts as a whole.");
    public static readonly CleaningRule NearContamination = Rule("contamination.near", AtLeast, 0.75, "RRRRR", "Jaccard similarity of the input to an evaluation record's, with the same numbers.");

    public static readonly CleaningRule WordCount = Rule("web.word_count", AtLeast, 1, "----R", "Gopher: fewer than 50 or more than 100,000 words.");
    public static readonly CleaningRule MeanWordLength = Rule("web.mean_word_length", AtLeast, 1, "----R", "Gopher: mean word length outside 3 to 10.");
    public static readonly CleaningRule SymbolWords = Rule("web.symbol_words", Above, 0.1, "----R", "Gopher: # or ellipses per word.");
    public static readonly CleaningRule BulletLines = Rule("web.bullet_lines", Above, 0.9, "----R", "Gopher: share of lines that begin with a bullet.");
    public static readonly CleaningRule EllipsisLines = Rule("web.ellipsis_lines", Above, 0.3, "----R", "Gopher: share of lines that end in an ellipsis.");
    public static readonly CleaningRule AlphaWords = Rule("web.alpha_words", Below, 0.8, "----R", "Gopher: share of words with a letter.");
    public static readonly CleaningRule StopWords = Rule("web.stop_words", Below, 2, "----R", "Gopher: how many of the, be, to, of, and, that, have, with occur.");
    public static readonly CleaningRule DuplicateLines = Rule("web.duplicate_lines", Above, 0.3, "----R", "Gopher: share of lines that occurred before.");
    public static readonly CleaningRule DuplicateLineCharacters = Rule("web.duplicate_line_characters", Above, 0.2, "----R", "Gopher: share of characters in such lines.");
    public static readonly CleaningRule DuplicateParagraphs = Rule("web.duplicate_paragraphs", Above, 0.3, "----R", "Gopher: share of paragraphs that occurred before.");
    public static readonly CleaningRule TopNGram = Rule("web.top_ngram", Above, 1, "----R", "Gopher: characters in the most frequent 2-, 3- or 4-gram as a multiple of its limit (0.20, 0.18, 0.16).");
    public static readonly CleaningRule DuplicateNGram = Rule("web.duplicate_ngram", Above, 1, "----R", "Gopher: characters in repeated 5- to 10-grams as a multiple of their limits (0.15 to 0.10).");
    public static readonly CleaningRule LineEnds = Rule("web.line_ends", Below, 0.12, "----R", "FineWeb: share of lines that end in terminal punctuation.");
    public static readonly CleaningRule ShortLines = Rule("web.short_lines", Above, 0.67, "----R", "FineWeb: share of lines of 30 characters or fewer.");
    public static readonly CleaningRule NewlinesPerWord = Rule("web.newlines_per_word", Above, 0.3, "----R", "FineWeb: line ends per word.");
    public static readonly CleaningRule LoremIpsum = Rule("web.lorem_ipsum", AtLeast, 1, "----R", "C4: filler text.");
    public static readonly CleaningRule CurlyBracket = Rule("web.curly_bracket", AtLeast, 1, "----R", "C4: a curly bracket (code).");
    public static readonly CleaningRule Sentences = Rule("web.sentences", Below, 5, "----R", "C4: sentences on lines that C4 keeps (closed by punctuation, three words or more).");

    /// <summary>The rule with an id; null if there is none.</summary>
    public static CleaningRule? Find(string id) => Catalogue.Find(r => r.Id.Equals(id, StringComparison.OrdinalIgnoreCase));

    private static CleaningRule Rule(string id, RuleDirection direction, double threshold, string actions, string description)
    {
        var rule = new CleaningRule(id, direction, threshold, description, [.. actions.Select(Action)]) { Number = Catalogue.Count };
        Catalogue.Add(rule);
        return rule;
    }

    private static CleaningAction Action(char letter) => letter switch
    {
        'R' => CleaningAction.Remove,
        'F' => CleaningAction.Flag,
        'X' => CleaningAction.Repair,
        _ => CleaningAction.None,
    };
}
