namespace CardIssue.Test.Parts;

/// <summary>What a bench needs and this machine has not.</summary>
internal static partial class Part
{
    static partial void Missing(string message) => throw new PlatformNotSupportedException(message);
}
