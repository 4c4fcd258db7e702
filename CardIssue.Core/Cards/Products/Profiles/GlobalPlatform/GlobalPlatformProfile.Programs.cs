using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Cards.Products.Profiles.GlobalPlatform;

/// <summary>Partly written cards, and the records that load and install.</summary>
internal sealed partial class GlobalPlatformProfile
{
    private const byte LockedBit = 0x80, CanBeSelectedBit = 0x04;

    /// <summary>Of what may be there or not: the card says so, or that nothing matches.</summary>
    private static readonly ValueList<ushort> ThereOrNot = [StatusWords.Ok, StatusWords.MoreData, StatusWords.NotFound];

    /// <summary>What decides before anything is bound to the card: what is there, and may not be, or must be of one kind.</summary>
    private static IEnumerable<Wanted> LookedForAtOpening(CardProduct product) =>
        product.Records.SelectMany(record => record.Items).Select(item => WantedBy(product, item)).OfType<Wanted>()
            .Where(wanted => wanted.WhenThere is not WhenThere.Replace);

    private static CardCommand LookFor(Wanted wanted) => new(GetStatus.Command(wanted.Scope, false, wanted.Aid.Value), ThereOrNot);

    /// <summary>
    /// That something is not there is the terminal's word, for the card's word for it carries no MAC; who lies about it has the card refuse
    /// what is sent then.
    /// </summary>
    private static Verdict? JudgePrograms(CardProduct product, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes, bool resuming)
    {
        var looked = LookedForAtOpening(product).ToList();
        if (looked.Count == 0) return null;
        if (stop is not ScriptStop.Completed || outcomes.Count < looked.Count) return new Verdict.InDoubt();
        for (var i = 0; i < looked.Count; i++)
        {
            var answer = outcomes[i].Response;
            if (IsAbsence(answer)) continue;
            if (!IsListing(answer, product.SecurityLevel)) return new Verdict.InDoubt();
            if (Entry(answer, looked[i].Aid) is not { } entry) continue;
            if (looked[i].WhenThere is WhenThere.Refuse && !resuming || !looked[i].Fits(entry))
                return new Verdict.Rejected(CardRejection.WrongState);
        }
        return null;
    }

    /// <summary>
    /// A record that loads or installs: what was deleted first succeeded whole; what may have been there shows it at the end, whatever the card
    /// said before. An answer that the terminal made up in between breaks the chain of MACs that the last one hangs on.
    /// </summary>
    private static Verdict JudgeContent(CardPlan plan, Wanted wanted, ScriptStop stop, IReadOnlyList<CommandOutcome> outcomes, Sent sent)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        if (stop is ScriptStop.CardLost) return new Verdict.CardLost();
        var level = plan.Product.SecurityLevel;
        if (stop is not ScriptStop.Completed || outcomes.Count != sent.Commands) return new Verdict.InDoubt();
        var replaced = wanted.WhenThere is WhenThere.Replace;
        var isDone = replaced ? Outcomes.AllSucceeded(outcomes, level)
            : IsListing(outcomes[^1].Response, level) && Entry(outcomes[^1].Response, wanted.Aid) is { } entry && wanted.Fits(entry);
        return !isDone ? new Verdict.InDoubt()
            : new Verdict.Done(!level.HasRMac() ? ProofKind.TerminalWord : replaced ? ProofKind.CardMac : ProofKind.CardState);
    }

    private static bool IsAbsence(UnwrapResult answer) => answer is not UnwrapResult.Breach && answer.StatusWord == StatusWords.NotFound;

    private static bool IsListing(UnwrapResult answer, SecurityLevel level) => level.HasRMac()
        ? answer is UnwrapResult.Authenticated { StatusWord: StatusWords.Ok or StatusWords.MoreData }
        : answer is UnwrapResult.NoProtection { StatusWord: StatusWords.Ok or StatusWords.MoreData };

    private static RegistryEntry? Entry(UnwrapResult answer, Aid aid) => Outcomes.DataOf(answer) is { } data
        ? RegistryEntry.Parse(data.Span, out _).FirstOrDefault(entry => entry.Aid == aid)
        : null;

    /// <summary>What a record brings onto the card; null for one that neither loads nor installs.</summary>
    private static Wanted? WantedBy(CardProduct product, ItemDefinition item) => item switch
    {
        ItemDefinition.Load load when product.Program(load.Program) is { } program =>
            new Wanted(RegistryScope.LoadFiles, program.Package, load.WhenThere) { Version = program.Version },
        ItemDefinition.Install install => new Wanted(RegistryScope.Applications, install.Instance, install.WhenThere)
        {
            LoadFile = product.LoadFileOf(install), MakeSelectable = install.MakeSelectable,
        },
        _ => null,
    };

    /// <summary>A load file or an application that is to be on the card.</summary>
    private sealed record Wanted(RegistryScope Scope, Aid Aid, WhenThere WhenThere)
    {
        public PackageVersion? Version { get; init; }

        public Aid? LoadFile { get; init; }

        public bool MakeSelectable { get; init; }

        /// <summary>
        /// Whether it is what would have been written. What a card does not tell of it (older ones tell little) is not held against it.
        /// </summary>
        public bool Fits(RegistryEntry entry)
        {
            if (Version is { } version) return entry.Version.Length != 2 || entry.Version == ByteString.Own([version.Major, version.Minor]);
            if ((entry.LifeCycle & LockedBit) != 0 || !entry.LoadFile.IsEmpty && entry.LoadFile != LoadFile!.Value.Value) return false;
            return !MakeSelectable || (entry.LifeCycle & CanBeSelectedBit) != 0;
        }
    }
}
