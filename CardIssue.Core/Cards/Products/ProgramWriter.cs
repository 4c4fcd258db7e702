using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Cards.Products;

/// <summary>
/// Writes the commands of card content, before secure messaging. What is replaced is deleted first. What may be there already is written
/// whatever the card says to it, for a card that has it refuses, and then the registry is read. So whatever a cut left, half a load included,
/// of which a card keeps nothing (GPCS §11.6.2.1), the same script brings the card to the same end; and no script ends before its last
/// command, after which the channel would be of no more use.
/// </summary>
internal sealed class ProgramWriter(CardProduct product, CardPrograms programs)
{
    /// <summary>What DELETE answers where there is nothing to delete: cards differ.</summary>
    private static readonly ValueList<ushort> Gone = [StatusWords.Ok, StatusWords.NotFound, StatusWords.NoApplication];

    /// <summary>What is written in vain: each card refuses in its own way.</summary>
    private static readonly ValueList<ushort> Whatever = [ExpectedStatus.Any];

    /// <summary>The commands of one item.</summary>
    public IEnumerable<CardCommand> Commands(RenderedItem item) => item.Content switch
    {
        ItemDefinition.Load load => Load(load),
        ItemDefinition.Install install => Install(install, item.Data),
        ItemDefinition.Delete delete => Delete(delete.Aid, delete.Related, delete.Token),
        ItemDefinition.Extradite it => Changed(it.Aid, looks: true,
            GlobalPlatform.Install.ForExtradition(it.SecurityDomain, it.Aid, it.Parameters, it.Token)),
        // What parameters change, GET STATUS does not tell.
        ItemDefinition.RegistryUpdate it => Changed(it.Aid, looks: it.SecurityDomain is not null || !it.Privileges.IsEmpty,
            GlobalPlatform.Install.ForRegistryUpdate(it.SecurityDomain, it.Aid, it.Privileges, it.Parameters, it.Token)),
        var other => throw new InvalidOperationException($"No one writes {other?.GetType().Name}."),
    };

    /// <summary>How many bytes LOAD can carry to these cards.</summary>
    public static int MaxStream(CardProduct product) =>
        GlobalPlatform.Load.MaxBlocks * ChannelLimits.MaxPlainData(product.Channel, product.SecurityLevel);

    private int MaxData => ChannelLimits.MaxPlainData(product.Channel, product.SecurityLevel);

    private IReadOnlyList<CardCommand> Load(ItemDefinition.Load load)
    {
        var named = product.Program(load.Program)!;
        var cap = programs.Find(named.Sha256)!;
        var install = GlobalPlatform.Install.ForLoad(named.Package, load.SecurityDomain, cap.HashOf(load.Hash), load.Parameters, load.Token);
        return Written(
            load.WhenThere, RegistryScope.LoadFiles, named.Package,
            [.. Segments(install), .. GlobalPlatform.Load.Commands(cap.Block, load.Dap, MaxData)]);
    }

    private IReadOnlyList<CardCommand> Install(ItemDefinition.Install install, ByteString parameters) => Written(
        install.WhenThere, RegistryScope.Applications, install.Instance,
        Segments(GlobalPlatform.Install.ForInstall(product.LoadFileOf(install), install.Module, install.Instance, install.Privileges,
            parameters, install.SystemParameters, install.Token, install.MakeSelectable)));

    /// <summary>INSTALL and what follows it, after a deletion or before a look.</summary>
    private IReadOnlyList<CardCommand> Written(WhenThere whenThere, RegistryScope scope, Aid aid, IReadOnlyList<CommandApdu> commands) =>
        whenThere is WhenThere.Replace
            ? [.. Delete(aid, scope is RegistryScope.LoadFiles, default), .. commands.Select(command => new CardCommand(command))]
            :
            [
                .. commands.Select(command => new CardCommand(command, Whatever)),
                CommandWriter.LifeCycle(new LifeCycleOf(scope, aid)),
            ];

    /// <summary>
    /// A change of the registry, and a look at it: a card that has it already may refuse it. Where a look would show nothing, the change
    /// alone, which a card takes again.
    /// </summary>
    private IEnumerable<CardCommand> Changed(Aid aid, bool looks, CommandApdu install) => looks
        ?
        [
            .. Segments(install).Select(command => new CardCommand(command, Whatever)),
            CommandWriter.LifeCycle(new LifeCycleOf(RegistryScope.Applications, aid)),
        ]
        : Segments(install).Select(command => new CardCommand(command));

    private IEnumerable<CardCommand> Delete(Aid aid, bool related, ByteString token) =>
        Segments(GlobalPlatform.Delete.Object(aid, related, token))
            .Select(command => new CardCommand(command, CommandSegments.IsSegment(command.Ins, command.P1) ? default : Gone));

    private IReadOnlyList<CommandApdu> Segments(CommandApdu command) => CommandSegments.Of(command, product.Channel, product.SecurityLevel);
}
