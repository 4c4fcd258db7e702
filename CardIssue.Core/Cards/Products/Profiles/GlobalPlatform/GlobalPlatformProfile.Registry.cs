using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;

/// <summary>Extradition and registry update.</summary>
internal sealed partial class GlobalPlatformProfile
{
    private const int FullPrivileges = 3;

    /// <summary>
    /// What the registry says at the end decides. Where a card does not tell it (older ones tell little), its MAC on the answer to the
    /// command does.
    /// </summary>
    private static Verdict JudgeRegistry(
        CardPlan plan, RegistryChange change, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes, Sent sent)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        if (stop is ScriptStop.CardLost) return new Verdict.CardLost();
        var level = plan.Product.SecurityLevel;
        if (stop is not ScriptStop.Completed || outcomes.Count != sent.Commands || !IsListing(outcomes[^1].Response, level)
            || Entry(outcomes[^1].Response, change.Aid) is not { } entry)
            return new Verdict.InDoubt();
        var isTold = change.IsShownBy(entry);
        var install = outcomes[^2].Response;
        var isTaken = install.StatusWord == StatusWords.Ok && Outcomes.IsBelievable(install, level);
        return !(isTold ?? isTaken) ? new Verdict.InDoubt()
            : new Verdict.Done(!level.HasRMac() ? ProofKind.TerminalWord : isTold is true ? ProofKind.CardState : ProofKind.CardMac);
    }

    /// <summary>What a record changes that GET STATUS can tell; null for every other.</summary>
    private static RegistryChange? ChangeBy(RecordDefinition record) => record.Items is not [var only] ? null : only switch
    {
        ItemDefinition.Extradite it => new RegistryChange(it.Aid, it.SecurityDomain, default),
        ItemDefinition.RegistryUpdate it when it.SecurityDomain is not null || !it.Privileges.IsEmpty =>
            new RegistryChange(it.Aid, it.SecurityDomain, it.Privileges),
        _ => null,
    };

    /// <summary>What the registry is to say of an application.</summary>
    private sealed record RegistryChange(Aid Aid, Aid? SecurityDomain, ByteString Privileges)
    {
        /// <summary>Whether the entry says it; null where it says nothing of something that was changed.</summary>
        public bool? IsShownBy(RegistryEntry entry)
        {
            bool? domain = SecurityDomain is not { } wanted ? true
                : entry.SecurityDomain.IsEmpty ? null : entry.SecurityDomain == wanted.Value;
            bool? privileges = Privileges.IsEmpty ? true : entry.Privileges.IsEmpty ? null : Full(entry.Privileges) == Full(Privileges);
            return domain is false || privileges is false ? false : domain is null || privileges is null ? null : true;
        }

        /// <summary>One byte is the first of three (GPCS §11.1.2).</summary>
        private static ByteString Full(ByteString privileges) => privileges.Length >= FullPrivileges ? privileges
            : ByteString.Concat(privileges, ByteString.Own(new byte[FullPrivileges - privileges.Length]));
    }
}
