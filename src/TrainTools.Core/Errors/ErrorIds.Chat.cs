namespace TrainTools.Core.Errors;

public static partial class ErrorIds
{
    // Chat templates
    public const string ChatTemplateMissing = "ChatTemplateMissing";
    public const string ChatTemplateInvalid = "ChatTemplateInvalid";
    public const string ChatTemplateFailed = "ChatTemplateFailed";
    public const string ChatTemplateUnbounded = "ChatTemplateUnbounded";
}
