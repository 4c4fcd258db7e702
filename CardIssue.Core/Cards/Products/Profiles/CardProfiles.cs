using CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;

namespace CardIssue.Core.Cards.Products.Profiles;

/// <summary>The card profiles that there are.</summary>
internal static class CardProfiles
{
    private static readonly ICardProfile[] All = [new GlobalPlatformProfile()];

    /// <summary>Their names.</summary>
    public static IEnumerable<string> Names => All.Select(p => p.Name);

    /// <summary>The profile of a name, or null.</summary>
    public static ICardProfile? Find(string name) => Array.Find(All, p => p.Name == name);
}
