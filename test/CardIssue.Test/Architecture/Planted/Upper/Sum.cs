namespace CardIssue.Test.Architecture.Planted.Upper;

/// <summary>Uses the other folder in a method's body.</summary>
internal static class Sum
{
    public const int Base = 10;

    public static int Of(string text) => Lower.Digits.Of(text).Sum();
}
