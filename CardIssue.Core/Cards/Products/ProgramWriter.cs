using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Primitives;

namespace CardIssue.Core.Cards.Products;

/// <summary>
/// Writes the commands of card content, before secure messaging. What may be there already is asked for first: the script goes on where the
/// card says that it is not, and ends there where it is. What is replaced is deleted first. So whatever a cut left, half a load included, of
/// which a card keeps nothing (GPCS §11.6.2.1), the same script brings the card to the same end.
/// </summary>
internal sealed class ProgramWriter(CardProduct product, CardPrograms programs)
{
    /// <summary>What DELETE answers where there is nothing to delete: cards differ.</summary>
    private static readonly ValueList<ushort> Gone = [StatusWords.Ok, StatusWords.NotFound, StatusWords.NoApplication];

    /// <summary>What GET STATUS answers where nothing matches.</summary>
    private static readonly ValueList<ushort> Absent = [StatusWords.NotFound];

    /// <summary>The commands of one item.</summary>
    public IEnumerable<CardCommand> Commands(RenderedItem item) => item.Content switch
    {
        ItemDefinition.Load load => Load(load),
        ItemDefinition.Install install => Install(install, item.Data),
        ItemDefinition.Delete delete => [Delete(delete.Aid, delete.Related, delete.Token)],
        var other => throw new InvalidOperationException($"No one writes {other?.GetType().Name}."),
    };

    /// <summary>How many bytes LOAD can carry to these cards.</summary>
    public static int MaxStream(CardProduct product) =>
        GlobalPlatform.Load.MaxBlocks * SecureChannel.ChannelLimits.MaxPlainData(product.Channel, product.SecurityLevel);

    private int MaxData => SecureChannel.ChannelLimits.MaxPlainData(product.Channel, product.SecurityLevel);

    private List<CardCommand> Load(ItemDefinition.Load load)
    {
        var named = product.Program(load.Program)!;
        var cap = programs.Find(named.Sha256)!;
        var install = GlobalPlatform.Install.ForLoad(named.Package, load.SecurityDomain, cap.HashOf(load.Hash), load.Parameters, load.Token);
        return
        [
            First(load.WhenThere, RegistryScope.LoadFiles, named.Package),
            new CardCommand(Fitting(install)),
            .. GlobalPlatform.Load.Commands(cap.Block, load.Dap, MaxData).Select(block => new CardCommand(block)),
        ];
    }

    private List<CardCommand> Install(ItemDefinition.Install install, ByteString parameters) =>
    [
        First(install.WhenThere, RegistryScope.Applications, install.Instance),
        new CardCommand(Fitting(GlobalPlatform.Install.ForInstall(product.LoadFileOf(install), install.Module, install.Instance, install.Privileges,
            parameters, install.SystemParameters, install.Token, install.MakeSelectable))),
    ];

    private static CardCommand First(WhenThere whenThere, RegistryScope scope, Aid aid) => whenThere is WhenThere.Replace
        ? Delete(aid, scope is RegistryScope.LoadFiles, default)
        : new CardCommand(GetStatus.Command(scope, false, aid.Value), Absent);

    private static CardCommand Delete(Aid aid, bool related, ByteString token) => new(GlobalPlatform.Delete.Object(aid, related, token), Gone);

    private CommandApdu Fitting(CommandApdu command) => command.Data.Length <= MaxData
        ? command
        : throw new ArgumentException($"INSTALL has {command.Data.Length} bytes of data; {MaxData} are the most");
}
