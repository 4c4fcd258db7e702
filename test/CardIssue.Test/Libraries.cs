using CardIssue.CommandLine;

namespace CardIssue.Test;

/// <summary>The tests open as many files under passphrases as a year of the programs; by the same library.</summary>
[SetUpFixture]
public sealed class Libraries
{
    [OneTimeSetUp]
    public void Use() => SodiumArgon2.Use();
}
