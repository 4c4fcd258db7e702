namespace CardIssue.Test.Architecture.Planted.Lower;

/// <summary>Uses the other folder's constant, which the compiler writes into the code.</summary>
internal static class Digits
{
    public static IEnumerable<int> Of(string text) => text.Select(c => c % Upper.Sum.Base);
}
